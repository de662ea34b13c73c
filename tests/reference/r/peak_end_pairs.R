# Choices among experiences: survival's conditional logit, plain and with people as clusters.
source("_common.R")
suppressPackageStartupMessages(library(survival))
set.seed(1993)
n <- 60; rows <- list()
for (i in 1:n) for (k in 1:3) {
  size <- if (k == 3) 3 else 2
  end <- sample(0:10, size, TRUE); peak <- pmax(end, sample(3:10, size, TRUE))
  duration <- sample(c(5, 10, 20), size, TRUE); place <- sample(size)
  u <- 0.25 * end + 0.15 * peak + 0.5 * (place == 1) - log(-log(runif(size)))
  rows[[length(rows) + 1]] <- data.frame(person = i, set = paste0("P", i, "-", k), place = place,
    peak = peak, end = end, duration = duration, again = as.integer(u == max(u)))
}
d <- do.call(rbind, rows)
write.csv(d, "../data/peak_end_pairs.csv", row.names = FALSE)
d$first <- as.integer(d$place == 1)
told <- function(fit, robust = FALSE) {
  s <- summary(fit)$coefficients
  se <- if (robust) s[, "robust se"] else s[, "se(coef)"]
  data.frame(term = c("peak", "end", "duration", "shown_first")[seq_len(nrow(s))],
    estimate = s[, "coef"], std_error = se, odds_ratio = s[, "exp(coef)"], row.names = NULL)
}
control <- coxph.control(eps = 1e-14, iter.max = 100)
plain <- clogit(again ~ peak + end + duration + first + strata(set), d, control = control)
clustered <- clogit(again ~ peak + end + duration + first + strata(set), d, cluster = person,
                    method = "efron", control = control)
no_order <- clogit(again ~ peak + end + duration + strata(set), d, control = control)
write_golden(list(result = "choice_model",
  source = "180 choices of 60 people among 2 or 3 experiences; survival::clogit",
  versions = list(R = "4.2.2", survival = as.character(packageVersion("survival"))),
  date = "2026-11-22", script = "r/peak_end_pairs.R", tolerance = list(rtol = 1e-8),
  why = "both run Newton's method to its end",
  values = list(estimates = list(plain = told(plain), clustered = told(clustered, TRUE), no_order = told(no_order)),
    log_likelihood = plain$loglik[2], null_log_likelihood = plain$loglik[1],
    n = length(unique(d$set)), n_participants = n, n_alternatives = nrow(d)),
  not_covered = list(robust = "whether people choose repeatedly; tests/peak_end checks it",
    confidence_level = "an option, returned as given; tests/peak_end checks it",
    notes = "codes made by the package; tests/peak_end checks each")), "peak_end_choice_model.json")
