# Rules of memory against the mean: Vuong's test from the densities of lm fits, the test of
# dependent correlations by the formula of Meng, Rosenthal & Rubin; psych's Williams test beside it.
source("_common.R")
suppressPackageStartupMessages(library(psych))
e <- read.csv("../data/peak_end_episodes.csv")
memory <- e$retro; n <- nrow(e)
rules <- list(peak_end = "pe", peak_plus_end = c("max", "end"), tw_mean = "tw_mean", integral = "integral",
  end = "end", peak = "max", trough = "min", start = "start", mean_plus_duration = c("tw_mean", "duration"))
e$pe <- (e$max + e$end) / 2
density_of <- function(fit) dnorm(memory, fitted(fit), sqrt(mean(residuals(fit)^2)), log = TRUE)
other <- lm(retro ~ mean, e)
rows <- lapply(names(rules), function(name) {
  fit <- lm(reformulate(rules[[name]], "retro"), e)
  d <- density_of(fit) - density_of(other)
  k <- length(rules[[name]]) - 1
  se <- sqrt(mean((d - mean(d))^2) / n)
  est <- mean(d) - k / n
  row <- list(term = name, vuong = list(estimate = est, std_error = se, statistic = est / se, p_value = 2 * pnorm(-abs(est / se))),
              alike = cor(fitted(fit), fitted(other)))
  if (k == 0) {
    r1 <- abs(cor(memory, e[[rules[[name]]]])); r2 <- cor(memory, e$mean); r12 <- cor(fitted(fit), fitted(other))
    rb <- (r1^2 + r2^2) / 2; f <- min(1, (1 - r12) / (2 * (1 - rb))); h <- (1 - f * rb) / (1 - rb)
    se <- sqrt(2 * (1 - r12) * h / (n - 3)); est <- atanh(r1) - atanh(r2)
    row$correlation <- list(estimate = est, std_error = se, statistic = est / se, p_value = 2 * pnorm(-abs(est / se)))
    row$williams_t <- unname(r.test(n, r1, r2, r12)$t)
  }
  row
})
names(rows) <- names(rules)
# people with several episodes: the same episodes given to 80 people, three each
g <- rep(1:80, each = 3)
fit <- lm(retro ~ max, e)
d <- density_of(fit) - density_of(other)
sums <- tapply(d - mean(d), g, sum)
z_if <- function(x) { x <- (x - mean(x)) / sqrt(mean((x - mean(x))^2)); y <- (memory - mean(memory)) / sqrt(mean((memory - mean(memory))^2))
  r <- mean(x * y); (x * y - r * (x^2 + y^2) / 2) / (1 - r^2) }
q <- z_if(e$max) - z_if(e$mean); qs <- tapply(q - mean(q), g, sum)
clustered <- list(vuong_error = sqrt(sum(sums^2) * 80 / 79) / n, correlation_error = sqrt(sum(qs^2) * 80 / 79) / n)
write_golden(list(result = "rival_rules", source = "240 simulated episodes; lm, dnorm, formulas; psych::r.test beside them",
  versions = list(R = "4.2.2", psych = as.character(packageVersion("psych"))), date = "2026-11-22",
  script = "r/peak_end_rivals.R", tolerance = list(rtol = 1e-9, williams = 0.1), why = "closed form; Williams' t is another test of the same hypothesis, near Meng's z",
  values = list(tests = rows, alike = "see tests", clustered = clustered, n = n),
  not_covered = list(against = "an option, returned as given; tests/peak_end checks it",
    repeated = "whether people have several episodes; tests/peak_end checks it",
    n_participants = "a count; tests/peak_end checks it",
    confidence_level = "an option, returned as given; tests/peak_end checks it",
    p_adjust = "an option, returned as given; tests/peak_end checks it")), "peak_end_rivals.json")
