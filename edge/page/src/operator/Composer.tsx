import { type SyntheticEvent, useState } from "react";

import { Icon } from "../parts/Icon";
import { type ClientMessage, LONGEST_TEXT } from "../protocol/messages";
import { useWords } from "../words/context";

interface Props {
  readonly send: (message: ClientMessage) => void;
  readonly linked: boolean;
}

/** Type instead of speaking. */
export function Composer({ send, linked }: Props) {
  const { say } = useWords();
  const [text, setText] = useState("");
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    const request = text.trim();
    if (request === "" || !linked) return;
    send({ type: "text", text: request });
    setText("");
  };
  return (
    <form className="composer" onSubmit={submit}>
      <label htmlFor="request" className="hidden">
        {say("control.request")}
      </label>
      <input
        id="request"
        className="field"
        value={text}
        maxLength={LONGEST_TEXT}
        autoComplete="off"
        placeholder={say("control.request_placeholder")}
        onChange={(event) => {
          setText(event.target.value);
        }}
      />
      <button type="submit" className="button" disabled={!linked || text.trim() === ""}>
        <Icon name="send" />
        {say("control.send")}
      </button>
    </form>
  );
}
