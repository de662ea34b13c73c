# Goldens of the change of gaps between waves: t.test, survey.
source("_common.R")
source("servqual_scores.R")
suppressPackageStartupMessages(library(survey))
a <- read_answers("servqual_faults.csv")
s <- term_scores(a$P, a$E, fix_points(a$points)$points, 0.5)
gap <- s$P - s$E
wave <- ifelse(seq_len(nrow(gap)) <= 200, "spring", "autumn")
cluster <- a$d$id %% 17
w <- a$d$weight; w[is.na(w) | w == 0] <- 1
one <- function(term, kind, weighted, clusters) {
  g <- gap[, term]; first <- g[wave == "spring"]; last <- g[wave == "autumn"]
  if (kind == "independent" && !weighted && !clusters) {
    t <- t.test(last, first)
    return(list(term = term, estimate = unname(t$estimate[1] - t$estimate[2]), std_error = t$stderr, df = unname(t$parameter),
                p_value = t$p.value, conf_low = t$conf.int[1], conf_high = t$conf.int[2]))
  }
  if (kind == "paired" && !weighted && !clusters) {
    t <- t.test(last[1:200], first[1:200], paired = TRUE)
    return(list(term = term, estimate = unname(t$estimate), std_error = t$stderr, df = unname(t$parameter),
                p_value = t$p.value, conf_low = t$conf.int[1], conf_high = t$conf.int[2]))
  }
  # overlapping: the last 80 of autumn are the first 80 of spring
  person <- seq_along(g); if (kind == "overlapping") person[321:400] <- 1:80
  data <- data.frame(g, wave = factor(wave, c("spring", "autumn")), w = if (weighted) w else 1,
                     unit = if (clusters) cluster else person)
  d <- subset(svydesign(ids = ~unit, weights = ~w, data = data), !is.na(g))
  m <- svyglm(g ~ wave, d); df <- degf(d) - 1
  est <- unname(coef(m)[2]); se <- unname(SE(m)[2]); half <- qt(.975, df) * se
  list(term = term, estimate = est, std_error = se, df = df, p_value = 2 * pt(-abs(est / se), df), conf_low = est - half,
       conf_high = est + half)
}
case <- function(kind, weighted = FALSE, clusters = FALSE) list(kind = kind, weighted = weighted, clusters = clusters,
  rows = lapply(colnames(gap)[1:28], one, kind = kind, weighted = weighted, clusters = clusters))
reason <- "an option, a count or a part of the estimates; tests/servqual/test_gap_changes.py checks it"
fields <- c("waves", "pairs", "battery", "n", "scale_low", "scale_high", "confidence_level", "p_adjust", "min_answered",
            "min_cell", "weighted", "strata", "clusters", "notes")
write_golden(list(result = "gap_changes", source = "servqual_faults.csv in two halves, weights and clusters made in this script",
  made_with = made_with("servqual_changes.R", "survey", "jsonlite"),
  tolerance = list(rtol = 1e-9, why = "closed forms: same arithmetic"),
  values = list(estimates = list(case("independent"), case("paired"), case("overlapping"), case("independent", TRUE),
    case("independent", TRUE, TRUE), case("overlapping", TRUE)), wave = wave, weight = w, cluster = cluster),
  not_covered = setNames(as.list(rep(reason, length(fields))), fields)), "servqual_changes.json")
