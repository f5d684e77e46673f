/** For suites in which notifications would come between questions and answers. */
export const withoutNotifier = { DESKBRIDGE_ROLES: 'web,worker' };
