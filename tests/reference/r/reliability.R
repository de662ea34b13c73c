# Goldens of cxresearch.psychometrics.scale_reliability: psych on data already reduced to complete
# cases, because psych::alpha(use = "complete.obs") counts the rows it has dropped.
source("_common.R")
source("servqual_scores.R")
suppressPackageStartupMessages(library(psych))

alpha_of <- function(x, level) {
  x <- as.data.frame(na.omit(x))
  a <- suppressWarnings(alpha(x, warnings = FALSE))$total
  ci <- alpha.ci(a$raw_alpha, nrow(x), ncol(x), p.val = 1 - level)
  list(estimate = a$raw_alpha, conf_low = ci$lower.ci[[1]], conf_high = ci$upper.ci[[1]], n = nrow(x),
       alpha_standardized = a$std.alpha, items = ncol(x), note = "")
}

golden <- function(rows, n, battery, level, notes, data, source) {
  list(result = "scale_reliability", source = source, data = data,
       made_with = made_with("reliability.R", "psych", "jsonlite"),
       tolerance = list(rtol = 1e-10, why = "closed forms: same arithmetic"),
       options = list(confidence_level = level),
       values = list(estimates = rows, n = n, battery = battery, confidence_level = level,
                     basis = "complete cases", notes = I(notes)),
       not_covered = setNames(list(), character()))
}

servqual <- function(file, level) {
  a <- read_answers(file)
  rows <- list()
  for (D in names(dims)) for (part in c("expectation", "perception", "gap")) {
    x <- list(expectation = a$E, perception = a$P, gap = a$P - a$E)[[part]][, dims[[D]]]
    rows <- c(rows, list(c(list(term = D, group = part, label = paste("Text of", D)), alpha_of(x, level))))
  }
  golden(rows, nrow(a$d), "servqual", level, character(), paste0("data/", file), "synthetic, see servqual_gaps")
}
write_golden(servqual("servqual.csv", 0.95), "scale_reliability.json")
write_golden(servqual("servqual_faults.csv", 0.9), "scale_reliability_faults.json")

# Real answers: five items of agreeableness, the first worded the other way round.
data(bfi, package = "psych")
x <- bfi[, paste0("A", 1:5)]
write.csv(x, file.path("..", "data", "bfi_agreeableness.csv"), row.names = FALSE, na = "")
x$A1 <- 7 - x$A1
rows <- list(c(list(term = "A", group = "rating", label = "Text of A"), alpha_of(x, 0.95)))
write_golden(golden(rows, nrow(x), "bfi", 0.95, character(), "data/bfi_agreeableness.csv",
                    "psych::bfi, items A1 to A5 (SAPA project)"), "scale_reliability_bfi.json")
