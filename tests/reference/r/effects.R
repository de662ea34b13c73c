# Goldens of the standardised effects, Welch's test and p adjustment.
source("_common.R")
data(sleep)
x <- sleep$extra[sleep$group == 1]; y <- sleep$extra[sleep$group == 2]
d <- x - y; n <- length(d)
t <- t.test(x, y, paired = TRUE)
effect <- list(x = x, y = y, n = n, statistic = unname(t$statistic), d_z = mean(d) / sd(d),
  d_z_interval = noncentrality_interval(unname(t$statistic), n - 1) / sqrt(n),
  d_av = mean(d) / sqrt((var(x) + var(y)) / 2),
  hedges_correction = exp(lgamma((n - 1) / 2) - lgamma((n - 2) / 2) - .5 * log((n - 1) / 2)))
grid <- expand.grid(statistic = c(0, .3, 1, 2.5, 5, 12, 25), df = c(1, 2, 4, 9, 49, 399, 5000), level = c(.5, .9, .95, .999))
# R's pt() stops at a noncentrality of 37.62: leave out what would reach it.
grid <- subset(grid, statistic + 8 * sqrt(1 + statistic^2 / (2 * df)) < 37)
bounds <- t(mapply(noncentrality_interval, grid$statistic, grid$df, grid$level))
grid$low <- bounds[, 1]; grid$high <- bounds[, 2]
p <- c(.001, .008, .039, .041, .042, .06, .074, .205, .212, .216, .222, .251, .269, .275, .34, .341, .384, .569,
       .594, .696, .762, .94, .942, .975, .986)
ties <- c(.03, NA, .01, .03, .9, 1, .01, 0)
servqual <- read.csv(file.path("..", "data", "servqual.csv"))
G <- rowMeans(as.matrix(servqual[sprintf("P%02d", 1:22)] - servqual[sprintf("E%02d", 1:22)]))
w <- oneway.test(G ~ servqual$segment)
two <- t.test(x, y)
golden <- list(source = "R's sleep (Student 1908); Benjamini & Hochberg style lists of p; synthetic servqual.csv",
  made_with = made_with("effects.R", "jsonlite"),
  tolerance = list(rtol = 1e-10, bounds_rtol = 1e-8,
    why = "closed forms to 1e-10; bounds of the noncentrality are roots of R's pt(), good to about 1e-12 of a probability, which at a flat tail is 1e-9 of the root"),
  values = list(sleep = effect, noncentrality = grid,
    p_adjust = list(p = p, holm = p.adjust(p, "holm"), bh = p.adjust(p, "BH")),
    p_adjust_ties = list(p = ties, holm = p.adjust(ties, "holm"), bh = p.adjust(ties, "BH")),
    welch_segments = list(statistic = unname(w$statistic), df = w$parameter, p_value = w$p.value),
    welch_sleep = list(statistic = unname(two$statistic)^2, df_denominator = unname(two$parameter), p_value = two$p.value)))
write_golden(golden, "effects.json")
