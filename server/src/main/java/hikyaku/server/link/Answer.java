package hikyaku.server.link;

/**
 * What was answered.
 *
 * @param status as of HTTP
 * @param json the answer itself
 * @param came when the question came, by the clock of who answers, in microseconds since 1970
 * @param went when the answer was ready, by the same clock
 */
public record Answer(int status, byte[] json, long came, long went) {
  /** Octets that an answer may have: the sessions of a node of a hundred thousand. */
  public static final int MOST = 64 * 1024 * 1024;

  /** Octets in one frame. The next is sent when it is asked for, so sessions are not held up. */
  static final int PART = 64 * 1024;

  public Answer(int status, byte[] json) {
    this(status, json, 0, 0);
  }

  Answer at(long questionCame, long answerWent) {
    return new Answer(status, json, questionCame, answerWent);
  }
}
