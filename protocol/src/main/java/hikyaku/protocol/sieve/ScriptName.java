package hikyaku.protocol.sieve;

/**
 * What a script is called.
 *
 * @param global whether it is one for all, and not the user's own (RFC 6609 §3.2)
 * @param name empty for one that has none
 */
public record ScriptName(boolean global, String name) {
  /** Characters (RFC 5804 §1.6 asks for 128 at least). */
  public static final int LONGEST = 128;

  /** Whether a script may have this name (RFC 5804 §1.6). */
  public static boolean isValid(String name) {
    return !name.isEmpty()
        && name.codePointCount(0, name.length()) <= LONGEST
        && name.codePoints()
            .noneMatch(c ->
                Character.isISOControl(c)
                    || c == 0x2028
                    || c == 0x2029
                    || Character.getType(c) == Character.SURROGATE);
  }

  /** As people are told it. */
  @Override
  public String toString() {
    return global ? name + " (for all)" : name;
  }
}
