export default [{ rules: { "prefer-const": "error", eqeqeq: "warn", "no-var": "error", "no-extra-boolean-cast": "error" } }];
