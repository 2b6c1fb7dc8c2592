/** The part of the package that is used; it comes without types. */
declare module 'http-link-header' {
  interface Link {
    readonly uri: string;
    readonly rel: string;
  }

  class LinkHeader {
    /** @throws Error when the header can't be read. */
    static parse(header: string): LinkHeader;
    rel(name: string): Link[];
  }

  export = LinkHeader;
}
