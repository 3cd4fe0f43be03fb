package hikyaku.systemtests.chaos;

/** Something that a client was told and that cannot be true. */
final class Finding extends AssertionError {
  private static final long serialVersionUID = 1;

  Finding(String what) {
    super(what);
  }

  Finding(String what, Throwable cause) {
    super(what, cause);
  }

  static void unless(boolean truth, String what) {
    if (!truth) {
      throw new Finding(what);
    }
  }
}
