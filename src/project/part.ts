/** What a project may have or not, in the order in which it is asked for and written. */
export const parts = ["example", "dotenv", "systemd", "docker", "ci"] as const;
export type Part = (typeof parts)[number];
