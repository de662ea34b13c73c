# Pairs of three conditions in repeated episodes: lme4 with emmeans (Satterthwaite needs lmerTest; here
# Kenward-Roger is absent too, so the complete balanced design gives exact t tests from aov).
suppressPackageStartupMessages({library(jsonlite); library(lme4)})
set.seed(41); n <- 14; k <- 3
d <- expand.grid(condition = c("A", "B", "C"), person = sprintf("p%02d", 1:n))
d$rating <- round(5 + rnorm(n)[as.integer(d$person)] + c(0, .6, 1.1)[as.integer(d$condition)] + rnorm(n * k, 0, .8), 3)
write.csv(d, "../data/peak_end_three_conditions.csv", row.names = FALSE)
a <- summary(aov(rating ~ condition + Error(person), d))$`Error: Within`[[1]]
ms <- a["Residuals", "Mean Sq"]; df <- a["Residuals", "Df"]; se <- sqrt(2 * ms / n)
m <- tapply(d$rating, d$condition, mean); e <- c(m["B"] - m["A"], m["C"] - m["A"], m["C"] - m["B"])
p <- 2 * pt(-abs(e / se), df)
fit <- lmer(rating ~ condition + (1 | person), d)
out <- list(R = R.version.string, group = c("B - A", "C - A", "C - B"), estimate = unname(e), std_error = se, df = df,
  p_value = unname(p), p_adjusted = unname(p.adjust(p, "holm")), lmer_estimate = unname(fixef(fit)), REMLcrit = REMLcrit(fit))
writeLines(toJSON(out, digits = NA, auto_unbox = TRUE, pretty = TRUE), stdout())
