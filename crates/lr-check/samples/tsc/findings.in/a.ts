const s = "𐐀"; export const a: number = s;
undefinedName();
