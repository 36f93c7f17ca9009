/* Allocations of this process, counted; glibc's own functions below do the work. */
#ifndef EVEIL_TESTS_ALLOCATIONS_H
#define EVEIL_TESTS_ALLOCATIONS_H

#include <malloc.h>
#include <stdlib.h>

static long allocations;
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
#define COUNTS_ALLOCATIONS 1
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void *malloc(size_t n) { return allocations++, __libc_malloc(n); }
void *calloc(size_t k, size_t n) { return allocations++, __libc_calloc(k, n); }
void *realloc(void *p, size_t n) { return allocations++, __libc_realloc(p, n); }
void *memalign(size_t a, size_t n) { return allocations++, __libc_memalign(a, n); }
void *aligned_alloc(size_t a, size_t n) { return allocations++, __libc_memalign(a, n); }
int posix_memalign(void **p, size_t a, size_t n) {
  allocations++;
  *p = __libc_memalign(a, n);
  return *p ? 0 : 12; /* ENOMEM */
}
#else
#define COUNTS_ALLOCATIONS 0
#endif

#endif
