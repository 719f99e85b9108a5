/** Names of parameters and of outputs: tasks find their values in environment variables that are called after them. */
export const paramKey = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
