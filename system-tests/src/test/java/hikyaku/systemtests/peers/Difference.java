package hikyaku.systemtests.peers;

/**
 * Something that a peer says otherwise.
 *
 * @param transcript its file without the ending
 * @param line where in it the command begins
 * @param command as the client says it
 * @param what of the answer
 * @param ours what we say, or {@link #NOTHING}
 * @param theirs what they say, or {@link #NOTHING}
 */
public record Difference(
    String transcript, int line, String command, String what, String ours, String theirs) {
  static final String NOTHING = "-";

  @Override
  public String toString() {
    return String.join("\t", transcript, command, what, ours, theirs) + "\t(line " + line + ")";
  }
}
