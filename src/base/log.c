/* log: lines on stderr. The program sets who speaks; libraries log warnings that fail nothing. */
#include <stdio.h>
#include <time.h>

#include "eveil/base.h"

static evl_log_level most_spoken = EVL_LOG_INFO;
static bool speaks = true;

void evl_log_set(evl_log_level most, bool this_rank_speaks) {
  most_spoken = most;
  speaks = this_rank_speaks;
}

void evl_log(evl_log_level level, const char *format, ...) {
  if (!speaks || level > most_spoken) return;
  static const char *const label[] = {"error: ", "warning: ", "", ""};
  char line[4608];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  /* One call a line, so that lines of ranks do not mix. */
  fprintf(stderr, "eveil: %s%s\n", label[level], line);
}

double evl_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
