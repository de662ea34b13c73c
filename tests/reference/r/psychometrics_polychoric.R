# Goldens of cxresearch.psychometrics.polychoric_correlations: lavaan's two steps.
source("_psychometrics.R")
suppressPackageStartupMessages(library(lavaan))
polychoric_golden <- function(file_name, data, from, x, asked, dropped) {
  items <- names(x)
  f <- lavCor(x, ordered = items, output = "fit", se = "standard")
  pe <- parameterEstimates(f); r <- subset(pe, op == "~~" & lhs != rhs); th <- subset(pe, op == "|")
  P <- cor(x); z <- qnorm(0.975); half <- z * r$se / (1 - r$est^2)
  R <- diag(length(items)); dimnames(R) <- list(items, items)
  for (i in seq_len(nrow(r))) R[r$lhs[i], r$rhs[i]] <- R[r$rhs[i], r$lhs[i]] <- r$est[i]
  write_golden(golden_of("polychoric", from, data, "psychometrics_polychoric.R", c("lavaan", "jsonlite"),
    list(estimates = 1e-4, std_error = 1e-3), "lavaan stops at a relative change of 1e-5 or so; thresholds are closed forms",
    list(items = items),
    list(estimates = data.frame(term = r$lhs, group = r$rhs, estimate = r$est, std_error = r$se,
           conf_low = tanh(atanh(r$est) - half), conf_high = tanh(atanh(r$est) + half), n = nrow(x),
           pearson = mapply(function(a, b) P[a, b], r$lhs, r$rhs)),
         thresholds = data.frame(term = th$lhs, group = sub("t", "", th$rhs), estimate = th$est, std_error = th$se, n = nrow(x)),
         correlations = rows(R), items = items, n = nrow(x), n_asked = asked, confidence_level = 0.95, notes = dropped)),
    file_name)
}
bfi <- read.csv(file.path("..", "data", "psychometrics_bfi.csv.gz"))
items <- c(paste0("A", 1:5), paste0("C", 1:5), paste0("N", 1:5)); x <- na.omit(bfi[, items])
polychoric_golden("psychometrics_polychoric_bfi.json", "data/psychometrics_bfi.csv.gz", "psych::bfi (SAPA project), A, C and N",
                  x, nrow(bfi), I(paste0("rows_dropped:", nrow(bfi) - nrow(x))))
sq <- read.csv(file.path("..", "data", "servqual.csv"))
polychoric_golden("psychometrics_polychoric_servqual.json", "data/servqual.csv", "synthetic, see servqual_gaps",
                  sq[, sprintf("P%02d", 1:22)], nrow(sq), I(character()))
