export default [{ ignores: ['**/old', '*.mjs'] }];
