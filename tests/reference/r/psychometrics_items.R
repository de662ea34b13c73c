# Golden of cxresearch.psychometrics.item_analysis: psych::alpha on complete answers, scale by scale.
source("_psychometrics.R")
suppressPackageStartupMessages(library(psych))
bfi <- read.csv(file.path("..", "data", "psychometrics_bfi.csv.gz"))
model <- list(A = paste0("A", 1:5), E = paste0("E", 1:5), N = paste0("N", 1:5), pair = c("O1", "O3"))
items <- scales <- list(); notes <- c()
for (k in names(model)) {
  x <- na.omit(bfi[, model[[k]]]); n <- nrow(x); p <- ncol(x)
  a <- suppressWarnings(alpha(x, warnings = FALSE)); ci <- alpha.ci(a$total$raw_alpha, n, p)
  r <- sapply(seq_len(p), function(i) cor(x[[i]], rowSums(x[, -i, drop = FALSE])))
  stopifnot(all.equal(unname(r), a$item.stats$r.drop))
  half <- qnorm(0.975) / sqrt(n - 3)
  dropped <- if (p > 2) a$alpha.drop$raw_alpha else rep(NA, p)
  change <- dropped - a$total$raw_alpha
  notes <- c(notes, paste0("rows_dropped:", k, ":", nrow(bfi) - n))
  if (any(r < 0)) notes <- c(notes, paste0("negative_item_rest:", k, ":", model[[k]][r < 0]))
  if (any(change > 0, na.rm = TRUE)) notes <- c(notes, paste0("alpha_rises_without:", k, ":", model[[k]][which(change > 0)]))
  items <- c(items, list(data.frame(term = model[[k]], group = k, estimate = r, conf_low = tanh(atanh(r) - half),
    conf_high = tanh(atanh(r) + half), n = n, alpha_if_dropped = dropped, change = change, mean = colMeans(x),
    sd = sapply(x, sd))))
  scales <- c(scales, list(data.frame(term = k, estimate = a$total$raw_alpha, conf_low = ci$lower.ci[[1]],
    conf_high = ci$upper.ci[[1]], n = n, alpha_standardized = a$total$std.alpha,
    average_correlation = a$total$average_r, items = p)))
}
write_golden(golden_of("item_analysis", "psych::bfi (SAPA project), items as worded", "data/psychometrics_bfi.csv.gz",
  "psychometrics_items.R", c("psych", "jsonlite"), list(rtol = 1e-10), "closed forms", list(model = model),
  list(estimates = `rownames<-`(do.call(rbind, items), NULL), scales = do.call(rbind, scales), n_asked = nrow(bfi), missing = "complete", weights = "", confidence_level = 0.95,
       notes = I(notes))), "psychometrics_items_bfi.json")
