-- a copy tells the provider's system nothing
UPDATE referral_program
   SET event_url = NULL;
