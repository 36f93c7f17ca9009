/* MATLAB files of versions 4 and 5 (to 7): checked by us, taken apart by libmatio. Both formats that use them keep
   their samples in one matrix. */
#ifndef EVEIL_MATLAB_PRIV_H
#define EVEIL_MATLAB_PRIV_H

#include "series_priv.h"

/* ---- matlab_check.c ---- */
typedef enum evl_mat_version { EVL_MAT_NONE, EVL_MAT_4, EVL_MAT_5, EVL_MAT_73 } evl_mat_version;
/* By the first bytes. */
evl_mat_version evl_mat_recognise(const uint8_t *first, size_t n);
/* Every size that the file states against what is there, compressed parts inflated to their checksums: libmatio reports
   success for files that are cut. Known and unchanged files are not looked at again. Sets the header's key. */
evl_status evl_mat_check(evl_reader *reader) EVL_MUST_USE;

/* ---- matlab_matio.c: nothing here outlives evl_mat_close ---- */
typedef struct evl_mat evl_mat;             /* an open file */
typedef struct evl_mat_value evl_mat_value; /* a variable, or a part of one */
typedef enum evl_mat_kind { EVL_MAT_NUMBERS, EVL_MAT_TEXT, EVL_MAT_CELLS, EVL_MAT_STRUCT, EVL_MAT_OTHER } evl_mat_kind;
typedef struct evl_mat_facts {
  const char *name;
  evl_mat_kind kind;
  bool real_matrix;        /* of numbers, of two dimensions, in a type that planes have */
  evl_plane_type type;     /* of a real matrix */
  int64_t rows, columns;   /* columns: the product of all sizes but the first */
  bool compressed;
} evl_mat_facts;

evl_status evl_mat_open(const evl_reader *reader, evl_mat **mat) EVL_MUST_USE;
void evl_mat_close(evl_mat *mat); /* NULL allowed */
evl_mat_value *evl_mat_next(evl_mat *mat); /* variables in the file's order, without their data; NULL: no more */
/* "x", or "a.b.c" of structures; NULL: not there. Without data. */
evl_mat_value *evl_mat_find(evl_mat *mat, const char *path);
evl_mat_facts evl_mat_look(const evl_mat_value *value);
/* Reads the data of a value and of all its parts; of structures and cells once. */
bool evl_mat_load(evl_mat *mat, evl_mat_value *value);
evl_mat_value *evl_mat_field(const evl_mat_value *value, const char *name, int64_t i); /* of element i; NULL: none */
evl_mat_value *evl_mat_cell(const evl_mat_value *value, int64_t i);
/* Of loaded values: the first number (NaN: none); row i of a text as UTF-8, "" where there is none. */
double evl_mat_number(const evl_mat_value *value);
void evl_mat_text(const evl_mat_value *value, int64_t i, char *text, size_t size);
/* Numbers [start, start + n) of a real matrix, column after column. */
evl_status evl_mat_numbers(const evl_reader *reader, evl_mat *mat, evl_mat_value *value, int64_t start, int64_t n,
                           void *into) EVL_MUST_USE;

/* ---- matlab.c ---- */
/* A format whose samples are such a matrix begins its state with this. Compressed ones are read once, as a whole, when
   samples are first asked for. */
typedef struct evl_mat_matrix {
  evl_matrix matrix;
  char path[256];          /* of the matrix, for evl_mat_find */
  evl_mat *mat;            /* while samples are fetched */
  evl_mat_value *value;
  uint8_t *whole;          /* of a compressed matrix; NULL: numbers come from the file */
  int64_t n;               /* numbers */
  bool read;
} evl_mat_matrix;
/* The matrix `facts` at `path` becomes the source; the header tells channels and samples. */
evl_status evl_mat_plan(evl_reader *reader, evl_mat_matrix *m, const char *path, const evl_mat_facts *facts) EVL_MUST_USE;

#endif
