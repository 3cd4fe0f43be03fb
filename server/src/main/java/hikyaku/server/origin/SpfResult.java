package hikyaku.server.origin;

/** RFC 7208 §2.6. */
enum SpfResult {
  NONE,
  NEUTRAL,
  PASS,
  FAIL,
  SOFTFAIL,
  TEMPERROR,
  PERMERROR
}
