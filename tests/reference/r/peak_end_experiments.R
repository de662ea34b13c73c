# Crossover, pairwise tests, sample ratio, attrition: base R.
suppressPackageStartupMessages(library(jsonlite))
set.seed(77); n <- 24
x <- expand.grid(period = 1:2, person = 1:n); first <- rep(c("plain", "warm"), length.out = n)
x$condition <- ifelse((first[x$person] == "plain") == (x$period == 1), "plain", "warm")
x$memory <- round(5.5 + rnorm(n)[x$person] + .7 * (x$condition == "warm") + .4 * (x$period == 2) + rnorm(2 * n, 0, .7), 2)
write.csv(x, "../data/peak_end_crossover.csv", row.names = FALSE)
w <- reshape(x[, c("person", "period", "memory")], idvar = "person", timevar = "period", direction = "wide")
d <- w$memory.1 - w$memory.2; s <- w$memory.1 + w$memory.2; ab <- first == "plain"
tt <- t.test(d[!ab], d[ab], var.equal = TRUE); tp <- t.test(d[!ab], -d[ab], var.equal = TRUE); tc <- t.test(s[!ab], s[ab], var.equal = TRUE)
h <- function(t, f) list(estimate = f * unname(t$estimate[1] - t$estimate[2]), std_error = abs(f) * t$stderr, statistic = sign(f) * unname(t$statistic), df = unname(t$parameter), p_value = t$p.value, conf = sort(f * as.numeric(t$conf.int)))
P <- PlantGrowth; pw <- pairwise.t.test(P$weight, P$group, p.adjust.method = "none"); ph <- pairwise.t.test(P$weight, P$group, p.adjust.method = "holm")
wh <- pairwise.t.test(P$weight, P$group, p.adjust.method = "holm", pool.sd = FALSE); v <- function(m) m$p.value[lower.tri(m$p.value, TRUE)]
sr <- chisq.test(c(821, 679)); sr2 <- chisq.test(c(500, 240, 260), p = c(2, 1, 1) / 4)
m <- matrix(c(12, 88, 27, 83), 2, byrow = TRUE); ch <- chisq.test(m, correct = FALSE)
B <- cbind(age = c(31, 45, 28, 52, 39, 41, 60, 35, 48, 29), use = c(2, 5, 1, 4, 3, 3, 5, 2, 4, 1)); arm <- c(0, 1, 0, 1, 0, 1, 1, 0, 1, 0)
S <- solve(cov(B)); T <- sum(sapply(0:1, function(a) { e <- colMeans(B[arm == a, ]) - colMeans(B); sum(arm == a) * e %*% S %*% e }))
smd <- apply(B, 2, function(z) (mean(z[arm == 1]) - mean(z[arm == 0])) / sqrt((var(z[arm == 1]) + var(z[arm == 0])) / 2))
all <- combn(10, 5); Ts <- apply(all, 2, function(k) { a <- rep(0, 10); a[k] <- 1; sum(sapply(0:1, function(q) { e <- colMeans(B[a == q, ]) - colMeans(B); 5 * e %*% S %*% e })) })
writeLines(toJSON(list(crossover = list(condition = h(tt, .5), period = h(tp, -.5), carry_over = h(tc, 1)),
  pairwise = list(pooled = v(pw), pooled_holm = v(ph), welch_holm = v(wh)),
  sample_ratio = list(statistic = unname(sr$statistic), p_value = sr$p.value), sample_ratio_3 = list(statistic = unname(sr2$statistic), df = unname(sr2$parameter), p_value = sr2$p.value),
  attrition = list(statistic = unname(ch$statistic), p_value = ch$p.value, p_exact = fisher.test(m)$p.value, wilson = lapply(1:2, function(i) as.numeric(prop.test(m[i, 1], sum(m[i, ]), correct = FALSE)$conf.int))),
  balance = list(statistic = T, smd = as.list(smd), p_exact = mean(Ts >= T - 1e-9), age = B[, 1], use = B[, 2])), digits = NA, auto_unbox = TRUE, pretty = TRUE))
