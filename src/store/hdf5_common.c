#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5_priv.h"

void evl_h5_begin(void) {
  H5dont_atexit(); /* refused where it was said before */
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

static herr_t first_reason(unsigned n, const H5E_error2_t *error, void *text) {
  (void)n;
  if (error->desc) snprintf(text, 200, "%.*s", (int)strcspn(error->desc, "\n"), error->desc);
  return 1; /* the innermost is enough */
}

evl_status evl_h5_fail(evl_status status, const char *file, const char *name, const char *what) {
  char reason[200] = "no reason given";
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, first_reason, reason);
  H5Eclear2(H5E_DEFAULT);
  return evl_fail(status, "%s%s%s: %s (HDF5: %s)", file, name ? ": " : "", name ? name : "", what, reason);
}

hid_t evl_h5_access(void) {
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
#if H5_VERSION_GE(1, 10, 7) && !(H5_VERS_MINOR == 12 && H5_VERS_RELEASE == 0)
  H5Pset_file_locking(access, false, true);
#else
  setenv("HDF5_USE_FILE_LOCKING", "FALSE", 0); /* the only way there */
#endif
  return access;
}

size_t evl_type_bytes(evl_type type) {
  static const size_t bytes[] = {[EVL_F64] = 8, [EVL_F32] = 4, [EVL_I32] = 4, [EVL_I64] = 8,
                                 [EVL_U8] = 1, [EVL_U32] = 4, [EVL_TEXT] = sizeof(char *)};
  return bytes[type];
}

hid_t evl_h5_file_type(evl_type type) {
  switch (type) {
    case EVL_F64: return H5T_IEEE_F64LE;
    case EVL_F32: return H5T_IEEE_F32LE;
    case EVL_I32: return H5T_STD_I32LE;
    case EVL_I64: return H5T_STD_I64LE;
    case EVL_U8: return H5T_STD_U8LE;
    case EVL_U32: return H5T_STD_U32LE;
    case EVL_TEXT: break;
  }
  return H5I_INVALID_HID;
}

hid_t evl_h5_memory_type(evl_type type) {
  switch (type) {
    case EVL_F64: return H5T_NATIVE_DOUBLE;
    case EVL_F32: return H5T_NATIVE_FLOAT;
    case EVL_I32: return H5T_NATIVE_INT32;
    case EVL_I64: return H5T_NATIVE_INT64;
    case EVL_U8: return H5T_NATIVE_UINT8;
    case EVL_U32: return H5T_NATIVE_UINT32;
    case EVL_TEXT: break;
  }
  return H5I_INVALID_HID;
}

hid_t evl_h5_text_type(void) {
  hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, H5T_VARIABLE);
  H5Tset_cset(type, H5T_CSET_UTF8);
  return type;
}

const char *evl_store_library(void) {
  static char text[32];
  unsigned major = 0, minor = 0, release = 0;
  evl_h5_begin();
  H5get_libversion(&major, &minor, &release);
  snprintf(text, sizeof text, "HDF5 %u.%u.%u", major, minor, release);
  return text;
}
