# Memory models: Shapley shares by averaging over all 120 orders, mixed models by maximum likelihood,
# sensitivity over ends; from the simulated episodes. Base R and lme4.
suppressPackageStartupMessages({library(jsonlite); library(lme4)})
E <- read.csv("../data/peak_end_episodes.csv"); M <- read.csv("../data/peak_end_moments.csv")
p <- c("max", "end", "start", "tw_mean", "duration")
r2 <- function(v) if (length(v)) summary(lm(reformulate(v, "retro"), E))$r.squared else 0
perms <- function(v) if (length(v) < 2) list(v) else do.call(c, lapply(seq_along(v), function(i) lapply(perms(v[-i]), function(w) c(v[i], w))))
s <- setNames(numeric(5), p); P <- perms(p)
for (o in P) for (k in seq_along(o)) s[o[k]] <- s[o[k]] + r2(o[seq_len(k)]) - r2(o[seq_len(k - 1)])
s <- s / length(P)
E$person <- (seq_len(nrow(E)) - 1) %% 60
f <- lmer(retro ~ max + end + (1 | person), E, REML = FALSE); f0 <- lmer(retro ~ mean + (1 | person), E, REML = FALSE)
last <- function(k) sapply(split(M, M$id), function(z) mean(tail(z$rating[order(z$time)], k)))
sens <- lapply(1:3, function(k) { e <- last(k); b <- lm(E$retro ~ E$max + e); ct <- cor.test(E$retro, (E$max + e) / 2)
  list(r = unname(ct$estimate), ci = as.numeric(ct$conf.int), r2 = summary(b)$r.squared, slopes = unname(coef(b)[2:3]), se = unname(summary(b)$coefficients[2:3, 2])) })
writeLines(toJSON(list(shapley = as.list(s), mixed_peak_plus_end = list(logLik = as.numeric(logLik(f)), AIC = AIC(f), BIC = BIC(f), coef = unname(fixef(f))),
  mixed_mean = list(logLik = as.numeric(logLik(f0)), AIC = AIC(f0)), sensitivity = sens,
  reference = list(mean = cor(E$retro, E$mean), tw_mean = cor(E$retro, E$tw_mean))), digits = NA, auto_unbox = TRUE, pretty = TRUE))
