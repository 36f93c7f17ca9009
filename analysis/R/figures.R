#!/usr/bin/env Rscript
# Figures of a store in base graphics, as PDF: spectra by outcome and, where there is a prognosis, the ROC curve.
#
#   Rscript figures.R STORE FOLDER [PROGNOSIS] [OUTCOME_COLUMN] [POSITIVE_VALUE]

here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)))
source(file.path(if (length(here)) here else ".", "eveil.R"))

colours <- c("#0072B2", "#D55E00") # negative, positive outcome

# power[recording, channel, frequency] as decibels, averaged over channels, then over a subject's recordings.
subject_spectra <- function(store, analysis) {
  power <- eveil_tensor(store, analysis, "spectrum", "power")
  hz <- as.numeric(dimnames(power)[[3]])
  recordings <- eveil_recordings(store)
  keep <- recordings$ok
  db <- apply(10 * log10(power[keep, , hz >= 0.5 & hz <= 45, drop = FALSE]), c(1, 3), mean, na.rm = TRUE)
  subjects <- unique(recordings$subject[keep])
  db <- t(vapply(subjects, function(s) colMeans(db[recordings$subject[keep] == s, , drop = FALSE]), numeric(ncol(db))))
  list(hz = hz[hz >= 0.5 & hz <= 45], subject = subjects, db = db)
}

plot_spectra <- function(store, analysis, column, positive) {
  spectra <- subject_spectra(store, analysis)
  people <- eveil_participants(store)
  outcome <- as.character(people[[column]])[match(spectra$subject, people$subject)] == positive
  groups <- list(outcome %in% FALSE, outcome %in% TRUE)
  labels <- c(paste("not", positive), positive)
  plot(NA, xlim = range(spectra$hz), ylim = range(spectra$db[is.finite(spectra$db)]), log = "x",
       xlab = "Frequency (Hz)", ylab = expression(paste("Power density (dB re 1 ", mu, V^2, "/Hz)")),
       xaxt = "n", bty = "l", las = 1)
  axis(1, at = c(1, 2, 4, 8, 13, 30))
  for (g in 1:2) {
    some <- spectra$db[groups[[g]] & rowSums(!is.finite(spectra$db)) == 0, , drop = FALSE]
    labels[g] <- sprintf("%s (n = %d)", labels[g], nrow(some))
    if (nrow(some) == 0) next
    band <- apply(some, 2, stats::quantile, c(0.1, 0.5, 0.9))
    polygon(c(spectra$hz, rev(spectra$hz)), c(band[1, ], rev(band[3, ])), border = NA,
            col = grDevices::adjustcolor(colours[g], 0.18))
    lines(spectra$hz, band[2, ], col = colours[g], lwd = 2)
  }
  legend("topright", labels, col = colours, lwd = 2, bty = "n")
}

# Out-of-fold probability of each subject, mean over repeats and rows, of the first learner.
subject_predictions <- function(store) {
  name <- setdiff(h5_names(store, "/"), "config")[1]
  at <- function(path) paste0("/", name, "/", path)
  predictions <- h5_read(store, at("predictions"))
  subject <- h5_read(store, at("design/subject"))
  p <- colMeans(matrix(predictions[1, , ], dim(predictions)[2]), na.rm = TRUE)
  first <- !duplicated(subject)
  list(learner = h5_read(store, at("learner_name"))[1], y = h5_read(store, at("design/y"))[first],
       p = as.vector(tapply(p, factor(subject, unique(subject)), mean, na.rm = TRUE)))
}

roc_curve <- function(p, y, rates) {
  cut <- c(Inf, sort(unique(p), decreasing = TRUE))
  sensitivity <- vapply(cut, function(c) mean(p[y == 1] >= c), numeric(1))
  false_positive <- vapply(cut, function(c) mean(p[y == 0] >= c), numeric(1))
  stats::approx(false_positive, sensitivity, rates, ties = "ordered", method = "linear", rule = 2)$y
}

plot_roc <- function(prediction, draws = 1000) {
  keep <- is.finite(prediction$p)
  p <- prediction$p[keep]
  y <- prediction$y[keep]
  rates <- seq(0, 1, 0.01)
  set.seed(1)
  one <- function() {
    pick <- c(sample(which(y == 0), replace = TRUE), sample(which(y == 1), replace = TRUE))
    roc_curve(p[pick], y[pick], rates)
  }
  band <- apply(replicate(draws, one()), 1, stats::quantile, c(0.025, 0.975))
  graphics::par(pty = "s")
  plot(NA, xlim = c(0, 1), ylim = c(0, 1), xlab = "False positive rate", ylab = "Sensitivity", bty = "l", las = 1)
  polygon(c(rates, rev(rates)), c(band[1, ], rev(band[2, ])), border = NA,
          col = grDevices::adjustcolor("#0B3C5D", 0.15))
  segments(0, 0, 1, 1, col = "grey80")
  lines(rates, roc_curve(p, y, rates), col = "#0B3C5D", lwd = 2)
  legend("bottomright", sprintf("%s, n = %d, pointwise 95 %% band", prediction$learner, length(y)), bty = "n")
}

draw <- function(path, plot) {
  grDevices::pdf(path, width = 5.2, height = 4.6, useDingbats = FALSE)
  on.exit(grDevices::dev.off())
  graphics::par(mar = c(4.2, 4.4, 0.8, 0.8), mgp = c(2.6, 0.7, 0), tcl = -0.3)
  plot()
  cat(path, "\n", sep = "")
}

main <- function(words) {
  if (length(words) < 2) fail("usage: figures.R STORE FOLDER [PROGNOSIS] [OUTCOME_COLUMN] [POSITIVE_VALUE]")
  store <- eveil_open(words[1])
  column <- if (length(words) > 3) words[4] else "outcome"
  positive <- if (length(words) > 4) words[5] else "poor"
  dir.create(words[2], showWarnings = FALSE, recursive = TRUE)
  has_spectrum <- function(a) h5_has(store, eveil_path(store, a, "recording_models", "spectrum", "power"))
  analyses <- Filter(has_spectrum, eveil_analyses(store))
  if (!column %in% names(eveil_participants(store))) {
    cat(sprintf("no column \"%s\" of outcomes: no spectra by outcome\n", column))
  } else if (length(analyses) == 0) {
    cat("no model \"spectrum\" in the store: no spectra\n")
  } else {
    draw(file.path(words[2], "spectra.pdf"), function() plot_spectra(store, analyses[1], column, positive))
  }
  if (length(words) < 3) return(invisible())
  prediction <- subject_predictions(eveil_open(words[3]))
  draw(file.path(words[2], "roc.pdf"), function() plot_roc(prediction))
}

if (!interactive()) main(commandArgs(TRUE))
