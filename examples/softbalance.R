# softbalance from R: whole data frames by its command, single episodes by its HTTP service.
# Packages: none for the command; jsonlite and httr2 for the service.

# Classify a data frame, a row an episode or a row an observation. Factors count by their levels, NA is
# `unknown`. Returns a data frame of verdicts with the frame's own columns, in its order. Rows that cannot be
# classified are told in a warning and are the attribute "rejects".
classify_frame <- function(frame, rulebooks = "brooks-wohlforth-2004", options = character()) {
  folder <- tempfile("softbalance-")
  dir.create(folder)
  on.exit(unlink(folder, recursive = TRUE))
  input <- file.path(folder, "coded.rds")
  output <- file.path(folder, "verdicts.csv")
  told <- file.path(folder, "told.txt")
  saveRDS(frame, input)
  arguments <- c("classify", input, "-o", output, rbind("--rulebook", rulebooks), options)
  # R's own libraries are not for Python to load
  without <- if (.Platform$OS.type == "unix") "LD_LIBRARY_PATH=" else character()
  status <- system2("softbalance", shQuote(arguments), stdout = told, stderr = told, env = without)
  if (!status %in% c(0, 3)) stop(paste(readLines(told), collapse = "\n"))
  verdicts <- read_sheet(output)
  if (status == 3) {
    rejects <- read_sheet(paste0(output, ".rejects.csv"))
    said <- ngettext(nrow(rejects), "mistake in a row", "mistakes in rows")
    warning(nrow(rejects), " ", said, " that could not be classified, see attr(, \"rejects\")", call. = FALSE)
    attr(verdicts, "rejects") <- rejects
  }
  verdicts
}

# Read what `softbalance classify` wrote as CSV. Values stay text, an empty cell is NA.
read_sheet <- function(file) {
  read.csv(file, colClasses = "character", na.strings = "", check.names = FALSE, encoding = "UTF-8")
}

# Split a column of lists, such as `notes` or `fired`, into a list of character vectors.
split_lists <- function(column) {
  lapply(strsplit(ifelse(is.na(column), "", column), ";", fixed = TRUE), trimws)
}

# Classify one episode, a list as the Episode of the HTTP interface. Mistakes are an R error that says each.
classify_episode <- function(episode, url = "http://127.0.0.1:8000", ...) {
  request <- httr2::request(url)
  request <- httr2::req_url_path_append(request, "v1", "classifications")
  request <- httr2::req_url_query(request, ...)
  request <- httr2::req_body_json(request, episode)
  request <- httr2::req_error(request, is_error = function(response) FALSE)
  response <- httr2::req_perform(request)
  body <- httr2::resp_body_json(response, check_type = FALSE)
  if (httr2::resp_status(response) >= 400) {
    mistakes <- vapply(body$errors, function(each) {
      paste0("\n  ", each[["pointer"]], each[["parameter"]], ": ", each$detail)
    }, "")
    stop(body$title, ": ", if (length(mistakes)) mistakes else body$detail, call. = FALSE)
  }
  body
}
