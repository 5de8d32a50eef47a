"""Whether printed scores can stand together, decided from the printed digits alone.

    shown     what a printed number may have been before it was rounded or cut
    lattice   one score and the number of items: 0.8895 of 200 is no whole number of answers
    binary    scores of one class against the rest: some confusion matrix, or none
    macro     means over classes: closed forms, then the hull of what classes can reach (hull),
              then counts that show them possible (witness)
    counts    a confusion matrix and the scores that follow from it; a square of similarities

It is only needed where labels and predictions are not at hand. Consistent means possible, never
computed. Every function grants rounding, rounding twice and cutting; none of them guesses.

Nothing is re-exported here: detectors of the static check must not wait for numpy and scipy,
which ``hull`` alone loads.
"""
