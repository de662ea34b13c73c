# What the numbers in expected/drivers_importance_*.json and expected/drivers_dominance_*.json are.
# R 4.2.2 with relaimpo 2.2-7, boot 1.3-28.1, domir 1.2.0, dominanceanalysis 2.1.0, yhat 2.0-4,
# rwa 0.1.0, MASS 7.3-58.2, survey 4.1-1, psychTools. Run in tests/reference: Rscript r/drivers_importance.R
suppressPackageStartupMessages({
  library(relaimpo); library(domir); library(dominanceanalysis); library(yhat); library(MASS)
  library(survey); library(psychTools); library(jsonlite)
})
show <- function(name, x) cat(name, toJSON(x, digits = NA, auto_unbox = TRUE), "\n")
metrics <- c("lmg", "last", "first", "betasq", "pratt", "genizi", "car")
three <- c("lmg", "last", "first")

# swiss: metrics, differences, ranks, mean coefficients, controls, groups, weights
a <- calc.relimp(swiss, type = metrics, diff = TRUE, rank = TRUE)
for (m in metrics) show(m, as.numeric(slot(a, m)))
show("lmg_diff", a@lmg.diff); show("rank", a@lmg.rank); show("average_slopes", a@ave.coeffs)
show("always", calc.relimp(swiss, type = three, always = "Education")@lmg)
show("groups", calc.relimp(swiss, type = three, groups = c("Education", "Examination"))@lmg)
show("weighted", calc.relimp(swiss, type = three, weights = abs(-23:23))@lmg)
r2 <- function(f) summary(lm(f, data = swiss))$r.squared
d <- domir(reformulate(names(swiss)[-1], "Fertility"), r2)
show("conditional", d$Conditional_Dominance); show("complete", d$Complete_Dominance)

# swiss: 1000 replicates, the respondents drawn kept (from 0)
set.seed(20240101)
b <- boot.relimp(swiss, b = 1000, type = c("lmg", "last", "first", "pratt"), rank = TRUE, diff = TRUE)
indices <- boot::boot.array(b@boot, indices = TRUE) - 1L
e <- booteval.relimp(b, bty = "perc", level = 0.95)
show("percentile", rbind(as.numeric(e@lmg.lower), as.numeric(e@lmg.upper)))

# attitude, bfi (agreeableness and conscientiousness on extraversion), apistrat
show("attitude", calc.relimp(rating ~ ., data = attitude, type = metrics)@lmg)
show("johnson", rlw(attitude, "rating", names(attitude)[-1]))
iv <- c(paste0("A", 1:5), paste0("C", 1:5))
k <- bfi[complete.cases(bfi[, c(iv, paste0("E", 1:5))]), ]
y <- rowMeans(cbind(7 - k$E1, 7 - k$E2, k$E3, k$E4, k$E5))
bf <- data.frame(y = y, k[, iv])
w <- ifelse(k$gender == 1, 1.6, 0.7) * ifelse(k$age < 25, 1.2, 0.9)
show("bfi", calc.relimp(bf, type = metrics)@lmg)
show("bfi_weighted", calc.relimp(bf, type = three, weights = w)@lmg)
data(api)
show("apistrat", calc.relimp(apistrat[, c("api00", "ell", "meals", "mobility")], type = three,
                             weights = apistrat$pw)@lmg)

# bfi, first 800: 300 replicates; BCa with the exact jackknife (relaimpo itself refuses B < n)
s <- bf[1:800, ]
set.seed(7)
b <- boot.relimp(s, b = 300, type = "lmg", rank = TRUE, diff = TRUE)
J <- t(sapply(1:800, function(i) calc.relimp(s[-i, ], type = "lmg")@lmg))
L <- sapply(1:10, function(j) 799 * (mean(J[, j]) - J[, j]))
t0 <- calc.relimp(s, type = "lmg")@lmg
for (j in 1:10) {
  at <- which(abs(b@boot$t0 - t0[j]) < 1e-12)[1]
  show("bca", boot::boot.ci(b@boot, index = at, type = "bca", L = L[, j])$bca[4:5])
}

# logit and ordinal dominance
bw <- birthwt; bw$race <- factor(bw$race)
m <- glm(low ~ age + lwt + smoke + ptl + ht + ui, data = bw, family = binomial)
show("logit", dominanceAnalysis(m)$contribution.average)
ll <- function(f) as.numeric(logLik(polr(f, weights = Freq, data = housing)))
ll0 <- ll(Sat ~ 1)
show("ordinal", domir(Sat ~ Infl + Type + Cont, function(f) 1 - ll(f) / ll0)$General_Dominance)
