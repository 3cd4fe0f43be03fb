package hikyaku.server.sending;

/**
 * When an account is taken for one that somebody else has got hold of. Its mail is then held, and
 * the postmaster told; {@code hikyaku sending release} lets it go on. How much accounts may send at
 * all is said by {@code hikyaku limit set}.
 *
 * @param watch whether accounts are watched
 * @param recipients recipients at other servers in an hour up to which an account is never
 *     suspected of sending too much
 * @param surge how many times as many as in its busiest hour of the last 7 days an account must
 *     send to be suspected; 0 to never suspect it of that
 * @param listMembers as how many recipients at most a message to a mailing list counts, for limits
 *     too, whose members at other servers are more; 0 to not count it
 * @param failures recipients that other servers refuse for good in an hour up to which an account
 *     is never suspected of having bought its addresses
 * @param failing the per cent of the hour's recipients that must be refused for that; 0 to never
 *     suspect it of that
 */
public record SendingSettings(
    boolean watch, int recipients, int surge, int listMembers, int failures, int failing) {
  public static final SendingSettings DEFAULTS = new SendingSettings(true, 300, 5, 20, 50, 30);

  public SendingSettings {
    if (recipients < 1
        || failures < 1
        || surge < 0
        || listMembers < 0
        || failing < 0
        || failing > 100) {
      throw new IllegalArgumentException(
          "sending.recipients and sending.failures must be 1 at least, sending.surge and"
              + " sending.list-members 0 at least, and sending.failing a per cent");
    }
  }
}
