"""Power of a peak-end study by simulation: cxresearch against the same loop with lme4.

Run ``python benchmarks/peak_end.py`` (1,000 studies) or ``--quick`` (50). Each study has 200
people, 4 episodes, 20 moments with AR(1) noise; both sides draw it, take peak and end, and fit
memory ~ condition and memory ~ peak + end with a random intercept of the person by REML. lme4
gives no degrees of freedom, ours are Satterthwaite's: the peer does less. The last line
is JSON.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import time

from cxresearch.peak_end import PeakEndDesign, plan_peak_end

R_LOOP = """
suppressPackageStartupMessages(library(lme4))
studies <- as.integer(commandArgs(TRUE)[1]); set.seed(1)
G <- 200; E <- 4; M <- 20; N <- G * E
id <- rep(seq_len(G), each = E); treated <- (id + rep(seq_len(E), G)) %% 2
hits <- 0; start <- proc.time()[["elapsed"]]
for (s in seq_len(studies)) {
  z <- matrix(rnorm(N * M), N, M)
  for (m in 2:M) z[, m] <- .4 * z[, m - 1] + sqrt(1 - .16) * z[, m]
  y <- z + 5.5 + .8 * rnorm(G)[id] + .5 * rnorm(N)
  y[, M] <- y[, M] + .4 * treated
  y[] <- pmin(10, pmax(0, round(y)))
  peak <- do.call(pmax, as.data.frame(y)); end <- y[, M]
  r <- 5.5 + .3 * (peak - 5.5) + .4 * (end - 5.5) + .2 * (rowMeans(y) - 5.5)
  r <- pmin(10, pmax(0, round(r + .6 * rnorm(G)[id] + .8 * rnorm(N))))
  a <- summary(lmer(r ~ treated + (1 | id)))$coefficients
  b <- summary(lmer(r ~ peak + end + (1 | id)))$coefficients
  hits <- hits + (abs(a[2, 3]) > 1.96)
}
cat(proc.time()[["elapsed"]] - start, hits / studies, "\n")
"""


def ours(studies: int) -> tuple[float, float]:
    design = PeakEndDesign(end_effect=0.4)
    plan_peak_end(design, n_studies=10)  # imports and first calls are not counted
    started = time.perf_counter()
    plan = plan_peak_end(design, n_studies=studies)
    return time.perf_counter() - started, float(plan.estimates["estimate"].iloc[0])


def lme4(studies: int) -> tuple[float, float]:
    script = shutil.which("Rscript")
    if script is None:
        return float("nan"), float("nan")
    done = subprocess.run(
        [script, "-e", R_LOOP, str(studies)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        print(done.stderr)
        return float("nan"), float("nan")
    seconds, power = (float(word) for word in done.stdout.split()[-2:])
    return seconds, power


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="50 studies")
    studies = 50 if parser.parse_args().quick else 1000
    mine, power = ours(studies)
    print(f"cxresearch: {studies} studies in {mine:.3f} s, power {power:.3f}")
    peer, their_power = lme4(studies)
    print(f"lme4 loop:  {studies} studies in {peer:.3f} s, power {their_power:.3f}")
    known = peer == peer
    print(
        json.dumps(
            {
                "bench": "peak_end",
                "studies": studies,
                "ours": round(mine, 4),
                "peer": round(peer, 4) if known else None,
                "ratio": round(peer / mine, 1) if known else None,
            }
        )
    )


if __name__ == "__main__":
    main()
