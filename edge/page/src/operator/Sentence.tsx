import type { Piece } from "../state/meaning";

/** A sentence in which the words that filled slots are marked; pointing at one tells the slot. */
export function Sentence({ pieces }: { readonly pieces: readonly Piece[] }) {
  return (
    <>
      {pieces.map((piece, index) =>
        piece.slot === null ? (
          <span key={index}>{piece.text}</span>
        ) : (
          <mark key={index} title={piece.slot}>
            {piece.text}
          </mark>
        ),
      )}
    </>
  );
}
