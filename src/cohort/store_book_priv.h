/* A store that is open for printing: whole datasets by name. */
#ifndef EVEIL_STORE_BOOK_PRIV_H
#define EVEIL_STORE_BOOK_PRIV_H

#include <stdio.h>

#include "study_priv.h"

typedef struct evl_book { evl_store *store; evl_arena *arena; const char *path; } evl_book;

/* EVL_FORMAT where the file is not a store. The book is to be closed either way. */
evl_status evl_book_open(const char *path, evl_book *book) EVL_MUST_USE;
void evl_book_close(evl_book *book);
/* A dataset of a group in the book's arena; *n: its rows (numbers: may be NULL). */
evl_status evl_book_texts(evl_book *book, const char *group, const char *name, uint64_t *n,
                          const char ***text) EVL_MUST_USE;
evl_status evl_book_numbers(evl_book *book, const char *group, const char *name, uint64_t *n, double **x) EVL_MUST_USE;

#endif
