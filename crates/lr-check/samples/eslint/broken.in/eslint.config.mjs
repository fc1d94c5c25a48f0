export default [{ rules: { nope: "error" } }];
