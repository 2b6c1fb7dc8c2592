/** The form of a registered source's id: the extension's id, and the source's name. */
export const extensionSourceId = /^([\w-]+\.[\w-]+)\/([\w.-]+)$/;
