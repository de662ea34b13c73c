# Goldens of cxresearch.servqual_gaps: unweighted with R's own tests, weighted with survey.
source("_common.R")
source("servqual_scores.R")
suppressPackageStartupMessages(library(survey))

term_names <- c(paste0("item_", 1:22), names(dims), "overall", "overall_weighted")
level_of <- function(term) ifelse(grepl("^item_", term), "item", ifelse(term %in% names(dims), "dimension", "overall"))
dim_of_item <- setNames(rep(names(dims), lengths(dims)), paste0("item_", 1:22))

# ---- one term, one group -----------------------------------------------------------------
plain <- function(p, e, level) {
  ok <- !is.na(p) & !is.na(e)
  p <- p[ok]; e <- e[ok]; g <- p - e; n <- length(g)
  t <- t.test(p, e, paired = TRUE, conf.level = level)
  ci <- noncentrality_interval(unname(t$statistic), n - 1, level) / sqrt(n)
  list(estimate = mean(g), std_error = sd(g) / sqrt(n), statistic = unname(t$statistic),
       df = unname(t$parameter), p_value = t$p.value, conf_low = t$conf.int[1],
       conf_high = t$conf.int[2], n = n, expectation = mean(e), perception = mean(p), sd = sd(g),
       d_z = mean(g) / sd(g), d_z_low = ci[1], d_z_high = ci[2],
       d_av = mean(g) / sqrt((var(p) + var(e)) / 2))
}

design_based <- function(p, e, w, inside, level) {
  full <- svydesign(ids = ~1, weights = ~w, data = data.frame(p, e, g = p - e, g2 = (p - e)^2, w, inside))
  d <- subset(full, inside & !is.na(g))
  m <- svymean(~g, d)
  df <- degf(d)
  n <- nrow(d)
  ci <- confint(m, level = level, df = df)
  t <- unname(coef(m) / SE(m))[1]
  correction <- n / (n - 1)
  both <- svymean(~g + g2, d)
  dz <- eval(bquote(svycontrast(both, quote(g / sqrt(.(correction) * (g2 - g^2))))))
  half <- qt((1 + level) / 2, df) * as.numeric(SE(dz))
  pooled <- sqrt((as.numeric(svyvar(~p, d)) + as.numeric(svyvar(~e, d))) / 2)
  list(estimate = as.numeric(coef(m)), std_error = as.numeric(SE(m)), statistic = t, df = df,
       p_value = 2 * pt(-abs(t), df), conf_low = ci[1], conf_high = ci[2], n = n,
       expectation = as.numeric(coef(svymean(~e, d))), perception = as.numeric(coef(svymean(~p, d))),
       sd = sqrt(as.numeric(svyvar(~g, d))), d_z = as.numeric(dz), d_z_low = as.numeric(dz) - half,
       d_z_high = as.numeric(dz) + half, d_av = as.numeric(coef(m)) / pooled)
}

# ---- differences between groups ------------------------------------------------------------
plain_difference <- function(g, group, shown, level) {
  ok <- !is.na(g) & group %in% shown
  y <- g[ok]; x <- factor(group[ok], shown)
  w <- oneway.test(y ~ x)
  out <- list(estimate = NA, std_error = NA, statistic = unname(w$statistic), df = unname(w$parameter[1]),
              df_denominator = unname(w$parameter[2]), p_value = w$p.value, conf_low = NA, conf_high = NA,
              n = length(y))
  if (length(shown) == 2) {
    t <- t.test(y[x == shown[1]], y[x == shown[2]], conf.level = level)
    out$estimate <- unname(t$estimate[1] - t$estimate[2]); out$std_error <- t$stderr
    out$conf_low <- t$conf.int[1]; out$conf_high <- t$conf.int[2]
  }
  c(out, extremes(tapply(y, x, mean)))
}

design_difference <- function(g, group, w, shown, level) {
  full <- svydesign(ids = ~1, weights = ~w, data = data.frame(g, group, w))
  d <- subset(full, !is.na(g) & group %in% shown)
  d <- update(d, x = factor(group, shown))
  m <- svyglm(g ~ x, d)
  r <- regTermTest(m, ~x)
  out <- list(estimate = NA, std_error = NA, statistic = as.numeric(r$Ftest), df = r$df,
              df_denominator = r$ddf, p_value = as.numeric(r$p), conf_low = NA, conf_high = NA, n = nrow(d))
  if (length(shown) == 2) {
    t <- svyttest(g ~ x, d)
    half <- qt((1 + level) / 2, unname(t$parameter)) * as.numeric(SE(m)[2])
    # svyttest takes the second minus the first.
    out$estimate <- -unname(t$estimate); out$std_error <- as.numeric(SE(m)[2])
    out$statistic <- unname(t$statistic)^2; out$df_denominator <- unname(t$parameter)
    out$conf_low <- out$estimate - half; out$conf_high <- out$estimate + half
  }
  means <- coef(svyby(~g, ~x, d, svymean))
  c(out, extremes(means))
}

extremes <- function(means) list(lowest = names(means)[which.min(means)], highest = names(means)[which.max(means)])

# ---- the whole analysis ----------------------------------------------------------------------
hidden_cell <- function(code) {
  numbers <- c("estimate", "std_error", "statistic", "df", "p_value", "p_adjusted", "conf_low", "conf_high", "n",
               "expectation", "perception", "sd", "d_z", "d_z_low", "d_z_high", "d_av")
  c(setNames(as.list(rep(NA, length(numbers))), numbers), list(suppressed = TRUE, note = code))
}

analyse <- function(file, script, weighted, segments, hidden = list(), level = 0.95, method = "holm",
                    min_answered = 0.5, min_cell = 10, source) {
  a <- read_answers(file)
  weight_notes <- character()
  keep <- rep(TRUE, nrow(a$d))
  if (weighted) {
    missing <- is.na(a$d$weight); zero <- !missing & a$d$weight == 0
    weight_notes <- c(if (any(missing)) paste0("weight_missing:", sum(missing)), if (any(zero)) paste0("weight_zero:", sum(zero)))
    keep <- !missing & !zero
  }
  d <- a$d[keep, ]; w <- d$weight
  fixed <- fix_points(a$points[keep, ])
  s <- term_scores(a$P[keep, ], a$E[keep, ], fixed$points, min_answered)
  one <- function(term, inside) {
    p <- s$P[, term]; e <- s$E[, term]
    if (weighted) return(design_based(p, e, w, inside, level))
    plain(p[inside], e[inside], level)
  }
  label <- function(term) if (level_of(term) == "overall") term else paste("Text of", term)
  row <- function(term, group, segment, numbers) {
    c(list(term = term, group = group, level = level_of(term), label = label(term),
           dimension = if (term %in% names(dim_of_item)) unname(dim_of_item[term]) else "", segment = segment), numbers)
  }
  family <- function(rows, which) {
    p <- sapply(rows[which], function(r) r$p_value)
    adjusted <- p.adjust(p, c(holm = "holm", bh = "BH", none = "none")[[method]])
    for (i in seq_along(which)) rows[[which[i]]]$p_adjusted <- adjusted[i]
    rows
  }
  rows <- lapply(term_names, function(term) {
    row(term, "all", "", c(one(term, rep(TRUE, nrow(d))), list(suppressed = FALSE, note = "")))
  })
  levels <- sapply(rows, `[[`, "level")
  rows <- family(rows, which(levels == "item"))
  rows <- family(rows, which(levels == "dimension"))
  for (i in which(levels == "overall")) rows <- family(rows, i)
  differences <- list()
  for (segment in names(segments)) {
    these <- list()
    for (group in segments[[segment]]) for (term in term_names[23:29]) {
      code <- hidden[[segment]][group]
      inside <- d[[segment]] %in% group
      hide <- !is.null(hidden[[segment]]) && !is.na(code)
      # A cell of a group hidden to protect another may be too small itself.
      if (hide && sum(inside & !is.na(s$P[, term])) < min_cell) code <- "suppressed"
      numbers <- if (hide) hidden_cell(unname(code)) else c(one(term, inside), list(suppressed = FALSE, note = ""))
      these <- c(these, list(row(term, group, segment, numbers)))
    }
    lv <- sapply(these, `[[`, "level"); tm <- sapply(these, `[[`, "term")
    these <- family(these, which(lv == "dimension"))
    for (term in c("overall", "overall_weighted")) these <- family(these, which(tm == term))
    rows <- c(rows, these)
    shown <- setdiff(segments[[segment]], names(hidden[[segment]]))
    diffs <- lapply(c(names(dims), "overall"), function(term) {
      g <- s$P[, term] - s$E[, term]
      numbers <- if (weighted) design_difference(g, d[[segment]], w, shown, level) else plain_difference(g, d[[segment]], shown, level)
      c(list(term = term, group = segment, groups = if (length(shown) == 2) paste(shown, collapse = " \u2212 ") else "", note = ""), numbers)
    })
    differences <- c(differences, family(diffs, seq_along(diffs)))
  }
  importance <- lapply(names(dims), function(D) {
    x <- fixed$points[, paste0("W_", D)]
    if (weighted) {
      des <- subset(svydesign(ids = ~1, weights = ~w, data = data.frame(x, w)), !is.na(x))
      m <- svymean(~x, des); ci <- confint(m, level = level, df = degf(des))
      numbers <- list(estimate = as.numeric(coef(m)), std_error = as.numeric(SE(m)), conf_low = ci[1], conf_high = ci[2], n = nrow(des))
    } else {
      x <- x[!is.na(x)]; t <- t.test(x, conf.level = level)
      numbers <- list(estimate = mean(x), std_error = t$stderr, conf_low = t$conf.int[1], conf_high = t$conf.int[2], n = length(x))
    }
    c(list(term = D, label = paste("Text of", D)), numbers)
  })
  counts <- fixed$counts[fixed$counts > 0]
  unknown <- sapply(names(segments), function(segment) sum(is.na(d[[segment]])))
  unknown <- unknown[unknown > 0]
  notes <- c(weight_notes, if (length(counts)) paste0("points_", names(counts), ":", counts),
             if (length(unknown)) paste0("segment_unknown:", names(unknown), ":", unknown))
  list(
    result = "servqual_gaps", source = source, data = paste0("data/", file),
    made_with = if (weighted) made_with(script, "survey", "jsonlite") else made_with(script, "jsonlite"),
    tolerance = list(rtol = 1e-9, why = paste("closed forms: same arithmetic; 1e-9 and not 1e-10 because d_z_low and",
      "d_z_high are roots that R finds with uniroot(tol = 1e-13) on pt(), itself good to about 1e-12")),
    options = list(segments = names(segments), confidence_level = level, p_adjust = method,
                   min_answered = min_answered, min_cell = min_cell, weighted = weighted),
    values = list(estimates = rows, differences = differences, importance = importance, n = nrow(d),
      battery = "servqual", scale_low = 1, scale_high = 7, confidence_level = level, p_adjust = method,
      min_answered = min_answered, min_cell = min_cell, weighted = weighted, segments = I(names(segments)),
      notes = I(as.character(notes))),
    not_covered = setNames(list(), character())
  )
}

script <- "servqual_gaps.R"
synthetic <- "synthetic, 400 respondents, 22 items, five dimensions"
faults <- "servqual.csv with faults put in by r/make_servqual_faults.R"
three <- list(segment = c("corporate", "online", "retail"))
several <- list(segment = c("corporate", "online", "retail"), branch = c("City", "Town"),
                region = c("East", "North", "South", "West"))
hidden <- list(region = c(West = "suppressed", North = "suppressed_complementary"))
write_golden(analyse("servqual.csv", script, FALSE, three, source = synthetic), "servqual_gaps.json")
write_golden(analyse("servqual.csv", script, TRUE, three, source = synthetic), "servqual_gaps_weighted.json")
write_golden(analyse("servqual_faults.csv", script, FALSE, several, hidden, level = 0.9, method = "bh", min_answered = 0.7,
                     min_cell = 12, source = faults), "servqual_gaps_faults.json")
write_golden(analyse("servqual_faults.csv", script, TRUE, several, hidden, level = 0.9, method = "bh", min_answered = 0.7,
                     min_cell = 12, source = faults), "servqual_gaps_faults_weighted.json")
