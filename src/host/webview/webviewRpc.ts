import type * as vscode from 'vscode';
import type * as z from 'zod/mini';
import { Rpc, type Handlers, type RequestMap, type RequestParams } from '../../protocol/rpc.ts';

/** The host's end of a conversation with a page. */
export type WebviewRpc<Requests extends RequestMap, Events extends object> = Rpc<
  Requests,
  object,
  object,
  Events
>;

/** What each request of a page must look like: a page shows texts of strangers, so its word is checked. */
export type ParamShapes<Requests> = {
  readonly [K in keyof Requests]: z.ZodMiniType<RequestParams<Requests, K>>;
};

/**
 * Begins the host's conversation with a page. A request of another shape is refused with the code `RPC_BAD_PARAMS`
 * and reaches no handler; what is no message of ours at all is dropped.
 *
 * @param loadShapes loads them when the page first speaks: zod takes longer than all else that activating loads.
 */
export function webviewRpc<Requests extends RequestMap, Events extends object>(
  webview: vscode.Webview,
  loadShapes: () => Promise<ParamShapes<Requests>>,
  handlers: Handlers<Requests>,
): WebviewRpc<Requests, Events> {
  let shapes: Promise<ParamShapes<Requests>> | undefined;
  return new Rpc<Requests, object, object, Events>({
    channel: {
      post: (message) => void webview.postMessage(message),
      listen: (listener) => {
        const listening = webview.onDidReceiveMessage(listener);
        return () => {
          listening.dispose();
        };
      },
    },
    handlers,
    isParams: async (name, params) => {
      shapes ??= loadShapes();
      return (await shapes)[name].safeParse(params).success;
    },
    onEvent: () => undefined,
  });
}
