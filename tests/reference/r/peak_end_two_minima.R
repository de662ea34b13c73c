# Random slopes whose variance is nearly zero: the restricted deviance has two minima. lme4.
suppressPackageStartupMessages({library(jsonlite); library(lme4)})
d <- read.csv("../data/peak_end_two_minima.csv"); m <- lmer(y ~ x + w + (x | g), d)
writeLines(toJSON(list(REMLcrit = REMLcrit(m), coef = unname(fixef(m)), se = unname(sqrt(diag(as.matrix(vcov(m)))))), digits = NA, auto_unbox = TRUE))
