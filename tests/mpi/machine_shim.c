/* Another kind of machine: another text of the BLAS library. LD_PRELOAD this library.

     EVL_SHIM_MACHINE  the text
     EVL_SHIM_RANK     only this rank (OMPI_COMM_WORLD_RANK) is another; absent: all */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

char *openblas_get_config(void);

char *openblas_get_config(void) {
  static char *(*real)(void);
  char *text = getenv("EVL_SHIM_MACHINE");
  const char *rank = getenv("EVL_SHIM_RANK"), *mine = getenv("OMPI_COMM_WORLD_RANK");
  if (text && (!rank || strcmp(rank, mine ? mine : "0") == 0)) return text;
  if (!real) *(void **)&real = dlsym(RTLD_NEXT, "openblas_get_config");
  return real ? real() : "BLAS";
}
