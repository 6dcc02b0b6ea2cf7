/* The tab Edit: the texts of a version, what is wrong with them, and saving them as the next. */

export function drawEditor() {}

export const editorActions = () => [];
