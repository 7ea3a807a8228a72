import { createContext, useContext } from "react";

import { type Words, wordsIn } from "./words";

export const WordsContext = createContext<Words>(wordsIn("en"));

export function useWords(): Words {
  return useContext(WordsContext);
}
