# Two uncorrelated drivers: the difference of shares is r1^2 - r2^2; its error after Olkin and Finn,
# the size large-sample theory asks for, and the power by simulating raw answers.
source("_common.R")
set.seed(20261122)
r2 <- 0.4; ratio <- 1.5; level <- 0.95; power <- 0.8
share <- c(ratio, 1) / (ratio + 1) * r2
r <- sqrt(share)
olkin_finn <- function(r1, r2, r12) {
  cross <- r12 * (1 - r1^2 - r2^2) - 0.5 * r1 * r2 * (1 - r1^2 - r2^2 - r12^2)
  sqrt(4 * (r1^2 * (1 - r1^2)^2 + r2^2 * (1 - r2^2)^2 - 2 * r1 * r2 * cross))
}
z <- qnorm((1 + level) / 2)
scale <- olkin_finn(r[1], r[2], 0)
n_asymptotic <- ((z + qnorm(power)) * scale / diff(rev(share)))^2 + 1
sizes <- c(200, 600, 1000)
sims <- 6000
estimates <- do.call(rbind, lapply(sizes, function(n) {
  hits <- replicate(sims, {
    x <- matrix(rnorm(2 * n), n)
    y <- x %*% r + sqrt(1 - r2) * rnorm(n)
    a <- cor(x[, 1], y)[1]; b <- cor(x[, 2], y)[1]; ab <- cor(x[, 1], x[, 2])
    c(a^2 - b^2 > z * olkin_finn(a, b, ab) / sqrt(n - 1), a^2 > b^2)
  })
  data.frame(term = c("interval_excludes_zero", "ranked_first"), n = n, estimate = rowMeans(hits))
}))
scales <- do.call(rbind, lapply(list(c(.5, .3, .2), c(.6, .1, .4), c(.4, .35, .7)), function(v)
  data.frame(r1 = v[1], r2 = v[2], r12 = v[3], scale = olkin_finn(v[1], v[2], v[3]))))
excused <- c("n_pilot", "notes", "seed", "confidence_level", "design_effect", "n_sims", "required")
reasons <- as.list(setNames(rep("an option", length(excused)), excused))
reasons$required <- "interpolated between simulated sizes; compared with n_asymptotic"
made <- made_with("drivers_more_planning.R")
write_golden(list(
  result = "driver_plan", source = "closed form of two uncorrelated drivers (Olkin & Finn 1995); simulation of raw answers",
  versions = made$r_version, date = made$date, script = made$script,
  tolerance = list(rtol = 1e-8, monte_carlo_errors = 4), 
  why = "shares are solved for to 1e-9; probabilities are simulated on both sides with different generators",
  options = list(n_drivers = 2, correlation = 0, r2 = r2, ratio = ratio, power = power, sizes = sizes),
  sims = sims, scales = scales,
  values = list(estimates = estimates,
    shares = data.frame(term = c("driver_1", "driver_2"), estimate = share, percent = 100 * share / r2,
                        standardized = r, rank = 1:2),
    source = "structure", first = "driver_1", second = "driver_2", difference = share[1] - share[2],
    ratio = ratio, r2 = r2, correlation = 0, n_drivers = 2, n_asymptotic = n_asymptotic, power = power),
  not_covered = reasons
), "drivers_more_planning.json")
