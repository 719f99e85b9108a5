/** Ink's part: the lines of a frame on the terminal, and what the terminal sends to the interface. */
import { useEffect, useMemo, useSyncExternalStore } from "react";
import { Box, Text, useApp, useStdin } from "ink";
import type { Clock } from "../clock/mod.ts";
import type { Painter } from "../paint/mod.ts";
import { escapeWaitMs, InputDecoder, type InputEvent } from "./input.ts";
import type { Ui } from "./ui.ts";

/** What the app is made of. */
export interface AppProps {
  readonly ui: Ui;
  readonly painter: Painter;
  readonly clock: Clock;
  /** Stops the process and resolves when it goes on: ctrl-z. Left out where that cannot be. */
  readonly stop?: () => Promise<void>;
}

/** The interface as Ink draws it: a line of text for each row. */
export function App({ ui, painter, clock, stop }: AppProps) {
  const frame = useSyncExternalStore(ui.subscribe, ui.frame);
  useInput(ui, clock, stop);
  return (
    <Box flexDirection="column">
      {frame.map((line, row) => <Row key={row} text={painter.ansi(line)} />)}
    </Box>
  );
}

/** A row stays as it is while its text does: Ink measures and wraps only what changed. */
function Row({ text }: { readonly text: string }) {
  return useMemo(() => <Text wrap="truncate">{text}</Text>, [text]);
}

/** Ink's own way to keys knows no mouse and gives several keys as one, so the stream is read as it is. */
function useInput(ui: Ui, clock: Clock, stop: AppProps["stop"]): void {
  const { stdin } = useStdin();
  const { suspendTerminal } = useApp();
  useEffect(() => {
    const decoder = new InputDecoder();
    const utf8 = new TextDecoder();
    let cancelFlush = () => {};
    let isStopping = false;
    const take = (events: readonly InputEvent[]) => {
      ui.take(events);
      const isStop = events.some((event) => event.type === "key" && event.key === "ctrl-z");
      if (!isStop || stop === undefined || isStopping) return;
      isStopping = true;
      void suspendTerminal(stop).finally(() => isStopping = false);
    };
    const onData = (data: Uint8Array | string) => {
      cancelFlush();
      take(decoder.push(typeof data === "string" ? data : utf8.decode(data, { stream: true })));
      if (decoder.isWaiting) cancelFlush = clock.setTimer(escapeWaitMs, () => take(decoder.flush()));
    };
    stdin.on("data", onData);
    return () => {
      cancelFlush();
      stdin.off("data", onData);
    };
  }, [stdin, ui, clock, stop, suspendTerminal]);
}
