/* Commands: one file each, one line in commands.def. */
#ifndef EVEIL_COMMAND_PRIV_H
#define EVEIL_COMMAND_PRIV_H

#include <stdio.h>

#include "eveil/base.h"

typedef struct evl_arguments {
  int n;                 /* operands */
  const char **operand;
  int n_options;         /* "name" or "name=value", checked against the command's */
  const char **option;
  bool quiet, verbose;
  const char *command_line;
} evl_arguments;

typedef struct evl_command_option {
  const char *name;
  const char *value;     /* what stands behind "=" in the help; NULL: the option takes no value; "[=X]": it may */
  const char *text;
} evl_command_option;    /* tables end with name NULL */

typedef struct evl_command {
  const char *name, *operands, *summary;
  const evl_command_option *options; /* its own; NULL: none */
  bool ranks;            /* works on several ranks: MPI is started */
  int least, most;       /* operands */
  evl_status (*run)(const evl_arguments *arguments);
} evl_command;

extern const evl_command *const evl_commands[]; /* ends with NULL */

/* The value of --name=value, "" of --name, NULL where not given. */
const char *evl_option(const evl_arguments *arguments, const char *name);
void evl_command_help(const evl_command *command, FILE *out);
const char *evl_revision(void);
struct evl_study;
/* Collective. The study of the operand, or its replay (--replay). `*study` is to be closed after an error, too. */
evl_status evl_command_study(const evl_arguments *arguments, struct evl_study **study) EVL_MUST_USE;

#endif
