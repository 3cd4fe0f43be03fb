package hikyaku.server.filter;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.protocol.sieve.Outcome;
import hikyaku.protocol.smtp.ReversePath;
import hikyaku.server.directory.Account;

/**
 * A run of an account's own script that failed, so that its message was kept.
 *
 * @param script its content
 * @param message as it came
 * @param sender of the message, as the envelope has it
 * @param folder where it was kept
 * @param host our name in mail
 */
record Failure(
    Account account,
    Outcome.Problem problem,
    ByteString script,
    NewMessage message,
    ReversePath sender,
    String folder,
    String host) {}
