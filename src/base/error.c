/* error: one message a rank, the last one set. */
#include <stdio.h>
#include <string.h>

#include "eveil/base.h"

static _Thread_local char message[4096];

evl_status evl_fail(evl_status status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  return status;
}

evl_status evl_fail_in(evl_status status, const char *format, ...) {
  char inner[sizeof message], outer[512];
  memcpy(inner, message, sizeof inner);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(outer, sizeof outer, format, arguments);
  va_end(arguments);
  snprintf(message, sizeof message, "%s: %.3500s", outer, inner);
  return status;
}

const char *evl_error_message(void) { return message; }
void evl_error_clear(void) { message[0] = 0; }

int evl_exit_code(evl_status status) {
  static const int code[] = {
#define CODE(name, exit_code, text) [EVL_##name] = exit_code,
      EVL_STATUS_LIST(CODE)
#undef CODE
  };
  return code[status];
}

const char *evl_status_text(evl_status status) {
  static const char *const text[] = {
#define TEXT(name, exit_code, meaning) [EVL_##name] = meaning,
      EVL_STATUS_LIST(TEXT)
#undef TEXT
  };
  return text[status];
}
