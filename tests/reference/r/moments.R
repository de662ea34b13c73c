# Goldens of design-based means on the Californian schools of survey (real data): weights, no strata.
source("_common.R")
suppressPackageStartupMessages(library(survey))
data(api)
keep <- apistrat[, c("api99", "api00", "stype", "sch.wide", "pw")]
keep$growth <- keep$api00 - keep$api99
keep$holes <- ifelse(seq_len(nrow(keep)) %% 7 == 0, NA, keep$growth)
names(keep)[4] <- "sch_wide"
write.csv(keep, file.path("..", "data", "apistrat.csv"), row.names = FALSE, na = "", quote = FALSE)
full <- svydesign(ids = ~1, weights = ~pw, data = keep)
of <- function(variable, d) {
  d <- eval(bquote(subset(d, !is.na(.(as.name(variable))))))
  f <- as.formula(paste0("~", variable))
  m <- svymean(f, d); n <- nrow(d)
  d <- update(d, z = get(variable), z2 = get(variable)^2)
  correction <- n / (n - 1)
  s <- eval(bquote(svycontrast(svymean(~z + z2, d), quote(z / sqrt(.(correction) * (z2 - z^2))))))
  list(n = n, mean = as.numeric(coef(m)), std_error = as.numeric(SE(m)), sd = sqrt(as.numeric(svyvar(f, d))), df = degf(d),
       standardized = as.numeric(s), standardized_error = as.numeric(SE(s)))
}
variables <- c("api00", "growth", "holes")
m <- svyglm(holes ~ stype, subset(full, !is.na(holes)))
r <- regTermTest(m, ~stype)
two <- svyttest(holes ~ sch_wide, subset(full, !is.na(holes)))
golden <- list(source = "survey::apistrat, 200 schools; strata and finite population left out on purpose",
  made_with = made_with("moments.R", "survey", "jsonlite"),
  tolerance = list(rtol = 1e-10, why = "closed forms: same arithmetic"),
  values = list(
    all = setNames(lapply(variables, of, full), variables),
    high_schools = setNames(lapply(variables, of, subset(full, stype == "H")), variables),
    wald = list(statistic = as.numeric(r$Ftest), df = r$df, df_denominator = r$ddf, p_value = as.numeric(r$p)),
    wald_of_two = list(statistic = unname(two$statistic)^2, df_denominator = unname(two$parameter), p_value = two$p.value)))
write_golden(golden, "moments.json")
