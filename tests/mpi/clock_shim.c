/* Clocks that jump: LD_PRELOAD this library. Every EVL_CLOCK_EVERY_MS of true time all clocks jump: forward by
   EVL_CLOCK_JUMP_S, back by twice as much, to the truth again. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long every_ms, jump_s;

static long true_ms(void) {
  struct timespec now;
  syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
  return (long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

__attribute__((constructor)) static void begin(void) {
  const char *every = getenv("EVL_CLOCK_EVERY_MS"), *jump = getenv("EVL_CLOCK_JUMP_S");
  every_ms = every ? atol(every) : 0;
  jump_s = jump ? atol(jump) : 0;
}

/* Ahead of the truth by a day, so that no clock falls below zero. */
static long shift_s(void) {
  static const long way[] = {0, 1, -1};
  return every_ms ? 86400 + jump_s * way[true_ms() / every_ms % 3] : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  long done = syscall(SYS_clock_gettime, clock, now);
  if (clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC) now->tv_sec += shift_s();
  return (int)done;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  long done = syscall(SYS_gettimeofday, now, zone);
  now->tv_sec += shift_s();
  return (int)done;
}

time_t time(time_t *out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}
